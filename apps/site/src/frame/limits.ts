/** The most bytes of a file that is dropped, and the most characters of a text that is pasted. */
export const maxFile = 64 * 1024 * 1024
export const maxText = 1024 * 1024
