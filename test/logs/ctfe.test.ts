import { describe, inject } from 'vitest'
import { scenarios } from './scenarios.js'
import { CtfeLog } from './servers/ctfe.js'

const { ctfe, submit, missing } = inject('builds')

describe.skipIf(ctfe === undefined)(`CTFE with Trillian${missing.ctfe ? ` (${missing.ctfe})` : ''}`, () => {
  scenarios(() => CtfeLog.open(ctfe!, submit!))
})
