/** What a response contains, as the response cache tells it. */
export interface Entity {
  readonly typename: string
  readonly id?: number | string | null | undefined
}

/** The tags of which every response is dropped. */
export function tagsToDelete(entities: Iterable<Entity>): Set<string> {
  const tags = new Set<string>()
  for (const { typename, id } of entities) tags.add(id == null ? typename : `${typename}:${id}`)
  return tags
}

/** The tags of a response with these entities. */
export function tagsOf(entities: Iterable<Entity>): string[] {
  const tags = new Set<string>()
  for (const { typename, id } of entities) {
    tags.add(typename)
    if (id != null) tags.add(`${typename}:${id}`)
  }
  return [...tags]
}
