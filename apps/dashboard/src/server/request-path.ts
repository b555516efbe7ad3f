/** Set by the proxy on every page request, so that a page knows where to send somebody back to after signing in. */
export const PATH_HEADER = 'x-tollgate-path';
