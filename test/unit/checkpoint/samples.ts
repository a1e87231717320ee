export {
  sampleCheckpoint as checkpoint,
  sampleEvidence as evidence,
  sampleGap as gap,
  sampleHead as head,
  sampleList as list,
  sampleLog as log,
  sampleRange as rangeOf,
} from '../../../src/testing/store-samples.js'
