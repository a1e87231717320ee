import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Files of the page, by request path. */
const files: Readonly<Record<string, readonly [name: string, type: string] | undefined>> = {
  '/ui': ['index.html', 'text/html'],
  '/ui/page.js': ['page.js', 'text/javascript'],
  '/ui/page.css': ['page.css', 'text/css'],
  '/ui/icon.svg': ['icon.svg', 'image/svg+xml'],
}

/** Allows only our own script and styles, no requests to other hosts, and no frame of another page around this one. */
const policy = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ')

interface PageFile {
  readonly bytes: Buffer
  readonly etag: string
}

/** The page's files, each read once, when first requested. They contain no secrets and need no token. */
export class PageFiles {
  private readonly folder: URL
  private readonly read = new Map<string, Promise<PageFile>>()

  /** @param folder - Ends in `/`. Default: where the build puts them. */
  constructor(folder = new URL('page/', import.meta.url)) {
    this.folder = folder
  }

  has(path: string): boolean {
    return files[path] !== undefined
  }

  /** Answers with a file that it {@link has}; 404 where the page was left out of a bundle. */
  async answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [name, type] = files[path] ?? ['', '']
    try {
      const { bytes, etag } = await this.file(name)
      response.setHeader('Content-Security-Policy', policy)
      response.setHeader('Referrer-Policy', 'no-referrer')
      response.setHeader('Cache-Control', 'no-cache')
      response.setHeader('ETag', etag)
      if (request.headers['if-none-match'] === etag) response.writeHead(304).end()
      else
        response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': bytes.length }).end(bytes)
    } catch {
      response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('the page is not installed\n')
    }
  }

  private file(name: string): Promise<PageFile> {
    let file = this.read.get(name)
    if (file === undefined) {
      file = readFile(new URL(name, this.folder)).then((bytes) => {
        return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }
      })
      this.read.set(name, file)
    }
    return file
  }
}
