/** Header fields in the order and case in which they came. */
export type HeaderList = [name: string, value: string][]
