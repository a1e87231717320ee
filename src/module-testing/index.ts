// `ct-stream/modules/testing`: tests of modules, with certificates of your choice and time in your hands.
export type { TestCertificate } from './certificates.js'
export { TestClock } from './test-clock.js'
export { findingsOf, type LoggedMessage, type ModuleTest, type TestModuleOptions, testModule } from './test-module.js'
