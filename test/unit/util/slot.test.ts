import { describe, expect, it, vi } from 'vitest'
import { Slot } from '../../../src/util/slot.js'

const connection = () => ({ close: vi.fn() })
const never = () => new Promise<never>(() => {})

describe('Slot', () => {
  const slotOf = (...connections: (ReturnType<typeof connection> | Promise<ReturnType<typeof connection>>)[]) =>
    new Slot(
      () => connections.shift() ?? Promise.reject(new Error('no more')),
      () => new Error('closed'),
    )

  it('has what was prepared, and closes it before another one is opened', async () => {
    const [first, second] = [connection(), connection()]
    const slot = slotOf(first, second)
    expect(() => slot.get()).toThrow('closed')
    expect(await slot.renew(async (opened) => [opened, slot.current])).toEqual([first, undefined])
    expect(slot.get()).toBe(first)
    await slot.renew(async () => expect(first.close).toHaveBeenCalledOnce())
    expect(slot.current).toBe(second)
    expect(second.close).not.toHaveBeenCalled()
  })

  it('closes what could not be prepared, and throws why', async () => {
    const [first, second] = [connection(), connection()]
    const slot = slotOf(first, second)
    await expect(slot.renew(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
    expect(first.close).toHaveBeenCalledOnce()
    expect(slot.current).toBeUndefined()
    await slot.renew(async () => {})
    expect(slot.current).toBe(second)
  })

  it('closes the current one once', async () => {
    const only = connection()
    const slot = slotOf(only)
    await slot.renew(async () => {})
    await slot.drop()
    await slot.drop()
    await slot.close()
    expect(only.close).toHaveBeenCalledOnce()
    expect(slot.current).toBeUndefined()
  })

  it('closed while one is prepared, closes it at once, and has none afterwards', async () => {
    const only = connection()
    const slot = slotOf(only)
    let goOn = (_value: string) => {}
    const renewed = slot.renew(() => new Promise<string>((resolve) => (goOn = resolve)))
    await vi.waitFor(() => expect(goOn).toHaveLength(1))
    await slot.close()
    expect(only.close).toHaveBeenCalled()
    goOn('prepared')
    await expect(renewed).rejects.toThrow('closed')
    expect(slot.current).toBeUndefined()
    await expect(slot.renew(never)).rejects.toThrow('closed')
  })

  it('closed while one is opened, closes it when it is there, and prepares nothing', async () => {
    const only = connection()
    let arrive = (_one: typeof only) => {}
    const slot = slotOf(new Promise<typeof only>((resolve) => (arrive = resolve)))
    const prepare = vi.fn(never)
    const renewed = slot.renew(prepare)
    await slot.close()
    arrive(only)
    await expect(renewed).rejects.toThrow('closed')
    expect(only.close).toHaveBeenCalledOnce()
    expect(prepare).not.toHaveBeenCalled()
  })
})
