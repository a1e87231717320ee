import { expect, test } from 'vitest'
import { type CallHost, ModuleCall } from '../../../src/modules/module-call.js'
import { systemClock } from '../../../src/util/clock.js'

const host: CallHost = {
  name: 'module',
  options: undefined,
  state: undefined,
  log: { debug() {}, info() {}, warn() {}, error() {} },
  clock: systemClock,
  stop: new AbortController().signal,
  rememberFindingsMs: 86_400_000,
  report() {},
  countDeadLetters() {},
  leaveOut() {},
}

test('the context of a call has one `emit`', () => {
  const call = new ModuleCall(host)
  expect(call.emit).toBe(call.emit)
})
