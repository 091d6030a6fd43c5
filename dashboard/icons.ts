import type { Level } from './answers.ts'
import { h, type VNode } from './dom.ts'

const WORDS: Readonly<Record<Level, string>> = {
  good: 'Well',
  warn: 'Worth a look',
  bad: 'Wrong',
  idle: 'Idle',
}

/** A level as a mark that is told by its form too. */
export function mark(level: Level): VNode {
  const forms: Readonly<Record<Level, VNode>> = {
    good: h('path', { d: 'M3.5 8.5l3 3 6-7', fill: 'none', class: 'stroke' }),
    warn: h('path', { d: 'M8 1.8l7 12.4H1z', class: 'solid' }),
    bad: h('rect', { x: 2, y: 2, width: 12, height: 12, rx: 2, class: 'solid' }),
    idle: h('circle', { cx: 8, cy: 8, r: 3.2, fill: 'none', class: 'stroke' }),
  }
  return h(
    'svg',
    { class: `mark ${level}`, viewBox: '0 0 16 16', role: 'img', 'aria-label': WORDS[level] },
    forms[level],
  )
}

export function logo(): VNode {
  return h(
    'svg',
    { class: 'logo', viewBox: '0 0 64 64', 'aria-hidden': 'true' },
    h('rect', { width: 64, height: 64, rx: 15 }),
    h('path', { d: 'M14 39a19 19 0 0 1 36 0', opacity: '.45' }),
    h('path', { d: 'M22 43a11 11 0 0 1 20 0', opacity: '.8' }),
    h('circle', { cx: 32, cy: 47, r: 5 }),
  )
}
