// @tollgate/admission with one of its promises taken away. Everything else is the real thing.
import * as real from '@tollgate/admission';
import { keepInJobs } from './usage-jobs.mjs';

export * from '@tollgate/admission';

const withoutPromise = {
  /** a hold of nothing: everybody is let in who is not in debt yet */
  'holds-off': (admission) => ({
    authorize: async (request) => {
      const answer = await admission.authorize({ ...request, wantNanousd: 0n, floorNanousd: 0n });
      return answer.kind === 'granted' ? { ...answer, grantedNanousd: request.wantNanousd } : answer;
    },
  }),
  'spool-only': (admission) => ({ settle: (settlement) => admission.settle({ ...settlement, append: false }) }),
  bullmq: (admission) => {
    const jobs = keepInJobs();
    return {
      settle: async (settlement) => {
        const outcome = await admission.settle({ ...settlement, append: false });
        if (settlement.append) await jobs.add(settlement.event).catch(() => undefined);
        return outcome;
      },
    };
  },
};

export function createAdmission(options) {
  const admission = real.createAdmission(options);
  const changed = withoutPromise[process.env.TOLLGATE_FAULT_CONTROL]?.(admission) ?? {};
  return new Proxy(admission, {
    get(target, name) {
      const member = changed[name] ?? Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
