import { STATUS_CODES } from 'node:http'

/** An error answer in the form of RFC 9457. */
export class ApiProblem extends Error {
  readonly status: number

  constructor(status: number, detail: string) {
    super(detail)
    this.status = status
  }
}

export function problemJson(status: number, detail: string): object {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail }
}
