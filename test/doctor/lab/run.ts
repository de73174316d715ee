// Runs the doctor on a lab as a person would who has a password: signed in by plain forms, as if on the internet.

import { createFetchBrowser } from '../../../src/client/browser-fetch.ts'
import type { ConnectionMemory } from '../../../src/client/connection-state.ts'
import { claudeHosted } from '../../../src/client/surfaces/claude-hosted.ts'
import { type DoctorOptions, doctor } from '../../../src/doctor/doctor.ts'
import type { DoctorReport } from '../../../src/doctor/report.ts'
import { type Lab, user } from './lab.ts'

export interface LabRun extends DoctorOptions {
  /** Examined twice, with a restart of the server in between; the second report counts. */
  afterRestart: boolean
}

/** A lab answers at once or never: what is not there by then will not come. */
const deadlineSeconds = 0.3

export async function examineLab(lab: Lab, run: Partial<LabRun> = {}): Promise<DoctorReport> {
  const { afterRestart, ...options } = run
  if (afterRestart !== true) return examineOnce(lab, options)
  let remembered: ConnectionMemory | undefined
  const keep = (memory: ConnectionMemory): void => {
    remembered = memory
  }
  await examineOnce(lab, { ...options, onMemory: keep })
  lab.restart()
  return examineOnce(lab, { ...options, remembered })
}

function examineOnce(lab: Lab, options: Partial<DoctorOptions>): Promise<DoctorReport> {
  return doctor({
    url: lab.url,
    surface: claudeHosted,
    fetch: lab.fetch,
    network: lab.network,
    browser: createFetchBrowser(user),
    openCallback: async ({ preferredPort }) => ({
      port: preferredPort ?? 33418,
      received: new Promise(() => undefined),
      close: async () => undefined,
    }),
    asIfPublic: true,
    clock: () => lab.clock.now,
    stopwatch: lab.stopwatch,
    deadlineSeconds,
    ...options,
  })
}
