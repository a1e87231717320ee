#!/usr/bin/env node
import { commands } from './commands.js'
import { runProcess } from './process.js'

await runProcess(commands)
