import './progress.css'

/** How much of a work is done, 0 to 1, with its words beside it. */
export function Progress({ share, text }: { share: number; text: string }) {
  const n = Math.round(share * 100)
  return (
    <>
      <span className="progress" role="progressbar" aria-valuenow={n} aria-valuemin={0} aria-valuemax={100} aria-label={text}>
        <span style={{ width: `${n}%` }} />
      </span>
      <span role="status">{text}</span>
    </>
  )
}
