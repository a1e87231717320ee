import { describe } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { describeCheckpointStore, itHandsOutPlainBytes } from './contract.js'

const place = () => {
  const store = new MemoryCheckpointStore()
  return { store: () => store }
}

describeCheckpointStore('MemoryCheckpointStore', place)

describe('MemoryCheckpointStore', () => {
  itHandsOutPlainBytes(place)
})
