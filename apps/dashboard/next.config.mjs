const securityHeaders = [
  { key: 'Referrer-Policy', value: 'no-referrer' },
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=(), payment=()' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  // Browsers heed it over https only, so it says nothing on a developer's machine.
  { key: 'Strict-Transport-Security', value: 'max-age=31536000; includeSubDomains' },
];

/** @type {import('next').NextConfig} */
export default {
  // The type check is a step of its own (`npm run check`), so that a build does not pay for it twice.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  // These hold connections, native code or dynamic requires: they run from node_modules as they are.
  serverExternalPackages: [
    '@tollgate/prisma',
    '@prisma/client',
    '@prisma/adapter-pg',
    'pg',
    'pino',
    'prom-client',
    'bullmq',
    'ioredis',
    'nodemailer',
  ],
  experimental: { optimizePackageImports: ['radix-ui'] },
  headers: async () => [{ source: '/:path*', headers: securityHeaders }],
};
