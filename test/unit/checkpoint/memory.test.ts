import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { describeCheckpointStore } from './contract.js'

describeCheckpointStore('MemoryCheckpointStore', () => {
  const store = new MemoryCheckpointStore()
  return { store: () => store, remove: () => {} }
})
