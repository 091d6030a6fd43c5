export type { Serializer } from '../serialize.ts'
export { type RestoredSnapshot, type RestoreOptions, restore } from './restore.ts'
export { type SavedSnapshot, type SaveOptions, save, type WritableLike } from './save.ts'
