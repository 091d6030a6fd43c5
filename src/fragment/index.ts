export { type FragmentOptions, fragment, fragmentSync, invalidateFragment } from './fragment.ts'
