import { useEffect, useState } from 'react'

/** A value that changes once the typing rests: what is typed is not asked for letter by letter. */
export function useResting<T>(value: T, ms = 350): T {
  const [resting, setResting] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setResting(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return resting
}
