// What a map does not need to begin: loaded beside it.
export { airAt } from './tiles3d/air'
export { outlastLosses } from './restored'
