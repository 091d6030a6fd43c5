/*
 * The page as a function of what is known: `h` describes elements, `patch` makes the document like the description and leaves alone what is
 * the same, so that focus, selection and scroll positions stay. Whatever is shown is set as text or as an attribute, never as HTML.
 */

type Listener = (event: never) => void
export type Props = Readonly<Record<string, string | number | boolean | undefined | null | Listener>>
export type Child = VNode | string | number | null | undefined | false | readonly Child[]

export interface VNode {
  readonly tag: string
  readonly props: Props
  readonly children: readonly Child[]
}

export function h(tag: string, props?: Props | null, ...children: readonly Child[]): VNode {
  return { tag, props: props ?? {}, children }
}

const SVG = 'http://www.w3.org/2000/svg'
const described = new WeakMap<Element, VNode>()

/** Makes the children of an element like those described. */
export function patch(parent: Element, children: readonly Child[]): void {
  const wanted = flat(children)
  const keyed = new Map<unknown, Element>()
  for (const child of parent.children) {
    const key = described.get(child)?.props.key
    if (key !== undefined && key !== null) keyed.set(key, child)
  }
  let at = parent.firstChild
  for (const one of wanted) {
    if (typeof one === 'string') {
      if (at instanceof Text) {
        if (at.data !== one) at.data = one
        at = at.nextSibling
      } else parent.insertBefore(document.createTextNode(one), at)
      continue
    }
    const found = one.props.key === undefined ? reusable(at, one) : keyed.get(one.props.key)
    const element = found ?? create(parent, one)
    if (element !== at) parent.insertBefore(element, at)
    else at = at.nextSibling
    update(element, one)
  }
  while (at !== null) {
    const next = at.nextSibling
    at.remove()
    at = next
  }
}

function flat(children: readonly Child[], into: (VNode | string)[] = []): (VNode | string)[] {
  for (const child of children) {
    if (Array.isArray(child)) flat(child, into)
    else if (typeof child === 'string' || typeof child === 'number') {
      const last = into.at(-1)
      if (typeof last === 'string') into[into.length - 1] = last + child
      else into.push(String(child))
    } else if (child) into.push(child as VNode)
  }
  return into
}

function reusable(node: ChildNode | null, { tag }: VNode): Element | undefined {
  if (!(node instanceof Element) || node.localName !== tag) return undefined
  return described.get(node)?.props.key === undefined ? node : undefined
}

function create(parent: Element, { tag }: VNode): Element {
  const isSvg = tag === 'svg' || (parent.namespaceURI === SVG && parent.localName !== 'foreignObject')
  return isSvg ? document.createElementNS(SVG, tag) : document.createElement(tag)
}

function update(element: Element, vnode: VNode): void {
  const before = described.get(element)
  if (before === vnode) return
  described.set(element, vnode)
  for (const name of Object.keys(before?.props ?? {}))
    if (!(name in vnode.props)) set(element, name, undefined)
  for (const [name, value] of Object.entries(vnode.props))
    if (value !== before?.props[name] && name !== 'value') set(element, name, value)
  patch(element, vnode.children)
  // A choice is there only when its options are.
  if ('value' in vnode.props) set(element, 'value', vnode.props.value)
  if (before === undefined && typeof vnode.props.made === 'function') vnode.props.made(element as never)
}

function set(element: Element, name: string, value: unknown): void {
  if (name === 'key' || name === 'made') return
  if (name.startsWith('on')) Object.assign(element, { [name]: value ?? null })
  else if (
    name === 'value' &&
    (element instanceof HTMLInputElement || element instanceof HTMLSelectElement)
  ) {
    if (element.value !== String(value)) element.value = String(value)
  } else if (value === undefined || value === null || value === false) element.removeAttribute(name)
  else element.setAttribute(name, value === true ? '' : String(value))
}
