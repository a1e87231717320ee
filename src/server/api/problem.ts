import { STATUS_CODES } from 'node:http'

/** What is answered instead of what was asked for, as RFC 9457 has it. */
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
