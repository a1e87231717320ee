import { describe, expect, it } from 'vitest'
import { NewIssuers } from '../../../src/kafka/new-issuers.js'
import { sha256 } from '../../../src/util/hash.js'

const der = (text: string) => new Uint8Array(Buffer.from(text))
const keys = (issuers: NewIssuers) => issuers.records().map(({ key }) => key.toString())
const nameOf = (text: string) => Buffer.from(sha256(der(text))).toString('hex')
const add = (issuers: NewIssuers, text: string) => issuers.add(sha256(der(text)), der(text))

describe('issuers that a sink has to write', () => {
  it('are written once, also those that came while the others were written', () => {
    const issuers = new NewIssuers('ct.issuers')
    add(issuers, 'one')
    add(issuers, 'one')
    const first = issuers.records()
    expect(first).toMatchObject([{ topic: 'ct.issuers', partition: 0, value: Buffer.from('one') }])
    issuers.addNamed(nameOf('two'), der('two'))
    issuers.stored(first)
    expect(keys(issuers)).toEqual([nameOf('two')])
    issuers.stored(issuers.records())
    add(issuers, 'one')
    add(issuers, 'two')
    expect(keys(issuers)).toEqual([])
  })

  it('stay until they are stored, and are written again by a sink that starts again', () => {
    const issuers = new NewIssuers('ct.issuers')
    add(issuers, 'one')
    issuers.stored(issuers.records())
    add(issuers, 'two')
    issuers.forget()
    expect(keys(issuers)).toEqual([nameOf('two')])
    add(issuers, 'one')
    expect(keys(issuers)).toEqual([nameOf('two'), nameOf('one')])
  })

  it('are left out where a broker would refuse them', () => {
    const issuers = new NewIssuers('ct.issuers')
    issuers.add(sha256(der('')), new Uint8Array(64 * 1024 + 1))
    expect(keys(issuers)).toEqual([])
    issuers.add(sha256(der('x')), new Uint8Array(64 * 1024))
    expect(keys(issuers)).toEqual([nameOf('x')])
  })
})
