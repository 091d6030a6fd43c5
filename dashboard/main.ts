import { cacheView } from './cache-view.ts'
import { h, patch } from './dom.ts'
import { banner, dialog, top } from './frame.ts'
import { emptySearch, Model } from './model.ts'
import { cacheAt } from './names.ts'
import { overview } from './overview.ts'

/** Milliseconds between two looks, and at most where nobody answers. */
const EVERY = 2000
const LONGEST = 30_000

const model = new Model(draw)
let isDue = false

/** Draws the page before the next picture, however often it is asked for. */
function draw(): void {
  if (isDue) return
  isDue = true
  requestAnimationFrame(() => {
    isDue = false
    const focused = document.activeElement
    patch(document.body, [
      top(model, toContent),
      h('main', { id: 'content', tabindex: -1 }, banner(model), content()),
      h('div', { class: 'notice', role: 'status' }, model.notice),
      dialog(model),
    ])
    // What was moved has lost the focus.
    if (focused instanceof HTMLElement && focused !== document.activeElement && focused.isConnected)
      focused.focus({ preventScroll: true })
  })
}

function content(): Parameters<typeof patch>[1] {
  const { process, cache } = model
  if (process === undefined)
    return model.lost === undefined ? [h('p', { class: 'none' }, 'Asking for the caches …')] : []
  return [cache === undefined ? overview(model, process) : cacheView(model, process, cache)]
}

function toContent(event: Event): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('#content')?.focus()
}

function route(): void {
  model.cache = cacheAt(location.hash)
  model.search = emptySearch('')
  model.at = undefined
  document.title = model.cache === undefined ? 'nearcache' : `${model.cache.slice(0, 60)} – nearcache`
  scrollTo(0, 0)
  void look()
}

let timer: ReturnType<typeof setTimeout> | undefined
let pause = EVERY
let looks = 0

/** Asks now, and again after a while, as long as somebody sees the page. */
async function look(): Promise<void> {
  clearTimeout(timer)
  const own = ++looks
  draw()
  await model.poll()
  if (own !== looks) return
  pause = model.lost === undefined ? EVERY : Math.min(LONGEST, pause * 2)
  if (document.visibilityState === 'visible') timer = setTimeout(look, pause)
}

let noticed = ''
setInterval(() => {
  if (model.notice !== '' && model.notice === noticed) {
    model.notice = ''
    draw()
  }
  noticed = model.notice
}, 6000)

addEventListener('hashchange', route)
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void look()
  else clearTimeout(timer)
})
route()
