import { createSchema } from 'graphql-yoga'

/** A schema over two users, what was asked of it, and a gate at which reads wait once they have read. */
export function usersSchema() {
  const names = new Map([
    ['1', 'Ann'],
    ['2', 'Ben'],
  ])
  const asked: string[] = []
  const state = { gate: Promise.resolve() }
  const schema = createSchema({
    typeDefs: /* GraphQL */ `
      type User { id: ID! name: String! }
      type Query { user(id: ID!): User users: [User!]! time: Float! }
      type Mutation { rename(id: ID!, name: String!): User! }
    `,
    resolvers: {
      Query: {
        user: async (_, { id }: { id: string }) => {
          asked.push(`user ${id}`)
          const user = { id, name: names.get(id) }
          await state.gate
          return user
        },
        users: () => {
          asked.push('users')
          return [...names].map(([id, name]) => ({ id, name }))
        },
        time: () => {
          asked.push('time')
          return 1
        },
      },
      Mutation: {
        rename: (_, { id, name }: { id: string; name: string }) => {
          names.set(id, name)
          return { id, name }
        },
      },
    },
  })
  return { schema, asked, state }
}
