import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { whenOver } from '../../../src/server/response-over.js'

/** A connection with responses on it that emit nothing by themselves. */
function made() {
  const socket = new EventEmitter()
  const calls: string[] = []
  const open = (name: string) => {
    const response = Object.assign(new EventEmitter(), { req: { socket } })
    whenOver(response as unknown as ServerResponse, () => calls.push(name))
    return response
  }
  return { socket, calls, open }
}

it('a response is over when its connection is, though it does not say so itself', () => {
  const { socket, calls, open } = made()
  open('first')
  open('second')
  expect(calls).toEqual([])
  socket.emit('close')
  expect(calls).toEqual(['first', 'second'])
})

it('a response that closes before its connection is over once, and leaves no listener on the connection', () => {
  const { socket, calls, open } = made()
  open('first').emit('close')
  expect(calls).toEqual(['first'])
  expect(socket.listenerCount('close')).toBe(0)
  const second = open('second')
  socket.emit('close')
  second.emit('close')
  expect(calls).toEqual(['first', 'second'])
})
