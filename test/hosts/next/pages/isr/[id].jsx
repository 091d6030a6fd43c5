import { read } from '../../lib/source.js'

export function getStaticPaths() {
  return { paths: [], fallback: 'blocking' }
}

export async function getStaticProps({ params }) {
  const { text } = await read(`isr-${params.id}`)
  return text === '' ? { notFound: true, revalidate: 3600 } : { props: { text }, revalidate: 3600 }
}

export default function Page({ text }) {
  return <p>{`text: ${text}`}</p>
}
