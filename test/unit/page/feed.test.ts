import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Connection, Feed } from '../../../src/page/feed.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Answers of a server, one after the other; the last one again and again. */
function feedOf(...answers: ((signal: AbortSignal) => Promise<Response>)[]) {
  const asked: string[] = []
  const request = (path: string, signal: AbortSignal) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? never
    asked.push(path)
    return answer(signal)
  }
  const states: string[] = []
  const connection = (state: Connection) => states.push(state.kind === 'lost' ? state.reason : state.kind)
  const messages: unknown[] = []
  const feed = new Feed(
    { connection, message: (message) => messages.push(message) },
    { request, hasToken: () => false },
  )
  return { feed, asked, states, messages }
}

const never = (signal: AbortSignal) =>
  new Promise<Response>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
/** Begins, and then says nothing. */
const begun = async () =>
  new Response(
    new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('data: {"kind":"begin"}\n\n')) }),
  )

it('asks again when a server accepts the connection and does not answer', async () => {
  const { feed, asked, states, messages } = feedOf(never, never, begun)
  feed.open('a b')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(states).toEqual(['the server does not answer'])
  await vi.advanceTimersByTimeAsync(500 + 10_000)
  await vi.advanceTimersByTimeAsync(1000)
  expect([asked.length, asked[2]]).toEqual([3, 'feed?match=a%20b'])
  expect(states).toEqual(['the server does not answer', 'the server does not answer', 'connected'])
  expect(messages).toHaveLength(1)
  feed.open('')
})

it('connects again when a server falls silent, and no more with a filter that was replaced', async () => {
  const { feed, asked, states } = feedOf(begun, begun, never)
  feed.open('')
  await vi.advanceTimersByTimeAsync(10_500)
  expect([states, asked.length]).toEqual([['connected', 'the server closed the connection', 'connected'], 2])
  feed.open('x')
  await vi.advanceTimersByTimeAsync(5000)
  expect([states.length, asked[2], asked.length]).toEqual([3, 'feed?match=x', 3])
})
