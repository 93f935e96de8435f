// Where the page's root is: `/`, or behind the prefix that a proxy takes off. The master writes it into the page
// (`<base>`), and nothing here may state an address of its own that begins with a slash.

/** As it was when the page was opened: addresses of the page change after that, its root does not. */
const root = new URL(document.baseURI);

/** `/` or `/cron/`. */
export const basePath: string = root.pathname.endsWith('/') ? root.pathname : `${root.pathname}/`;

/** `/api/v1/jobs` of the contract -> `https://host/cron/api/v1/jobs`. */
export const addressOf = (path: string): string => new URL(path.replace(/^\//, ''), root).href;
