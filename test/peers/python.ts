import { pythonWith } from '../support/python-packages.js'

/** The newest certstream-python there is, of 2022, and the WebSocket package it was tried with. */
export const pythonWithCertStream = (): Promise<string> =>
  pythonWith(['certstream==1.12', 'websocket-client==1.9.2'], 'certstream')
