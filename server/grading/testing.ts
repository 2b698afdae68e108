import type { Lab, Task } from '../../protocol/lab.ts'

/** A lab for tests: two steps, one task each, and what a test adds. */
export function labOf(tasks: (Partial<Task> & { id: string; step?: string })[], more: Partial<Lab> = {}): Lab {
  const steps = ['one', 'two', 'end'].map((id) => ({
    id,
    title: id,
    html: '',
    commands: [],
    files: [],
    tasks: tasks.filter((task) => (task.step ?? 'one') === id).map((task) => task.id),
  }))
  return {
    id: 'lab',
    title: 'Lab',
    summary: '',
    minutes: 10,
    version: '1',
    folder: '/lab',
    cluster: { istio: 'absent' },
    mirrors: [],
    setup: [],
    images: [],
    steps,
    tasks: tasks.map(({ step: _step, ...task }) => ({
      title: task.id,
      points: 10,
      when: 'now',
      check: { kind: 'shell', script: 'check.sh' },
      timeoutSeconds: 30,
      hints: [],
      ...task,
    })),
    ...more,
  }
}
