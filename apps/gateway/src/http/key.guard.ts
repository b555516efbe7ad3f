import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Principal } from '@tollgate/access';
import type { KeyCache, KeyLookup } from '../keys/key-cache.js';
import { KEY_REFUSALS } from '../keys/key-refusals.js';
import { KEYS } from '../ports.js';
import { type AuthenticatedRequest, readToken } from './authenticated-request.js';
import { refusal } from './failure-exception.js';

/** Any valid key. A warm key costs a hash and a map look-up; nothing is awaited. */
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(@Inject(KEYS) private readonly keys: KeyCache) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const token = readToken(request.headers);
    if (token === null)
      throw refusal(request, { code: 'missing_key', message: "Send your key as 'Authorization: Bearer tg_…'." });
    const found = this.look(token);
    if (found instanceof Promise) return found.then((lookup) => this.enter(request, token, lookup));
    return this.enter(request, token, found);
  }

  protected look(token: string): KeyLookup | Promise<KeyLookup> {
    return this.keys.lookup(token);
  }

  /** Which keys may pass here. */
  protected admits(_principal: Principal): boolean {
    return true;
  }

  private enter(request: AuthenticatedRequest, token: string, lookup: KeyLookup): boolean {
    if (lookup.kind !== 'verified') {
      throw refusal(request, KEY_REFUSALS[lookup.kind]);
    }
    if (!this.admits(lookup.principal)) {
      throw refusal(request, {
        code: 'wrong_key_kind',
        message: `A key of kind '${lookup.principal.keyKind}' may not do this.`,
      });
    }
    request.principal = lookup.principal;
    request.token = token;
    return true;
  }
}

/** Inference keys only: a management key cannot spend. */
@Injectable()
export class InferenceKeyGuard extends KeyGuard {
  constructor(@Inject(KEYS) keys: KeyCache) {
    super(keys);
  }

  protected override admits(principal: Principal): boolean {
    return principal.keyKind === 'inference';
  }
}

/** Either kind, always asked of Postgres: account questions pass no admission, so the cache alone could answer for a revoked key. */
@Injectable()
export class FreshKeyGuard extends KeyGuard {
  constructor(@Inject(KEYS) private readonly freshKeys: KeyCache) {
    super(freshKeys);
  }

  protected override look(token: string): Promise<KeyLookup> {
    return this.freshKeys.recheck(token);
  }
}

/** Inference keys, asked of Postgres: what is stored is read without an admission, so nothing else would refuse a revoked key. */
@Injectable()
export class FreshInferenceKeyGuard extends FreshKeyGuard {
  constructor(@Inject(KEYS) keys: KeyCache) {
    super(keys);
  }

  protected override admits(principal: Principal): boolean {
    return principal.keyKind === 'inference';
  }
}

/** Management keys only. */
@Injectable()
export class ManagementKeyGuard extends FreshKeyGuard {
  constructor(@Inject(KEYS) keys: KeyCache) {
    super(keys);
  }

  protected override admits(principal: Principal): boolean {
    return principal.keyKind === 'management';
  }
}
