export function build(options?: { quiet?: boolean; types?: boolean; force?: boolean }): Promise<void>
