import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

const chromiumFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../.local/chromium');
const names = ['chromium', 'google-chrome-stable', 'google-chrome', 'chromium-browser', 'chromium-headless-shell'];
const usualFlags = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];

function onPath(name: string): string | undefined {
  const run = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : undefined;
}

/** The Chromium that npm carries. Its settings must stand before it is loaded: they make it unpack its own libraries. */
async function carriedChromium(): Promise<LaunchOptions> {
  mkdirSync(chromiumFolder, { recursive: true });
  process.env.TMPDIR = chromiumFolder;
  process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs20.x';
  const { default: carried } = await import('@sparticuz/chromium');
  const executablePath = await carried.executablePath();
  process.env.FONTCONFIG_FILE = writeFontSettings();
  const flags = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
  return { executablePath, args: [...usualFlags, ...flags] };
}

/**
 * The carried settings look for fonts where a cloud function keeps them; on a machine without a single font Chromium then ends at the
 * first letter it has to draw. These name the folder the fonts were unpacked into.
 */
function writeFontSettings(): string {
  const fonts = path.join(chromiumFolder, 'fonts');
  const file = path.join(chromiumFolder, 'fonts.conf');
  const folders = [fonts, '/usr/share/fonts', '/usr/local/share/fonts'].map((folder) => `<dir>${folder}</dir>`);
  const body = `${folders.join('')}<cachedir>${path.join(chromiumFolder, 'fonts-cache')}</cachedir>`;
  writeFileSync(file, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${body}</fontconfig>`);
  return file;
}

/** A real browser: the one CHROME_BIN names, else one on the PATH, else the one npm carries. Close it when done. */
export async function launchBrowser(options: LaunchOptions = {}): Promise<Browser> {
  const found = process.env.CHROME_BIN ?? names.map(onPath).find((file) => file !== undefined);
  const chosen = found === undefined ? await carriedChromium() : { executablePath: found, args: usualFlags };
  return chromium.launch({ headless: true, ...chosen, ...options });
}
