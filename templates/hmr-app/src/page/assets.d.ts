// Types of imported files that are not scripts: a CSS Module exports its class names; images, fonts and media, a URL.

declare module "*.css";
declare module "*.module.css" {
  const classes: Readonly<Record<string, string>>;
  export default classes;
}
declare module "*.png" {
  const url: string;
  export default url;
}
declare module "*.jpg" {
  const url: string;
  export default url;
}
declare module "*.jpeg" {
  const url: string;
  export default url;
}
declare module "*.gif" {
  const url: string;
  export default url;
}
declare module "*.webp" {
  const url: string;
  export default url;
}
declare module "*.avif" {
  const url: string;
  export default url;
}
declare module "*.ico" {
  const url: string;
  export default url;
}
declare module "*.woff" {
  const url: string;
  export default url;
}
declare module "*.woff2" {
  const url: string;
  export default url;
}
declare module "*.ttf" {
  const url: string;
  export default url;
}
declare module "*.otf" {
  const url: string;
  export default url;
}
declare module "*.mp4" {
  const url: string;
  export default url;
}
declare module "*.webm" {
  const url: string;
  export default url;
}
declare module "*.mp3" {
  const url: string;
  export default url;
}
declare module "*.ogg" {
  const url: string;
  export default url;
}
declare module "*.wav" {
  const url: string;
  export default url;
}
declare module "*.pdf" {
  const url: string;
  export default url;
}
declare module "*.svg" {
  const url: string;
  export default url;
}
declare module "*.apng" {
  const url: string;
  export default url;
}
declare module "*.bmp" {
  const url: string;
  export default url;
}
declare module "*.eot" {
  const url: string;
  export default url;
}
declare module "*.mov" {
  const url: string;
  export default url;
}
declare module "*.m4a" {
  const url: string;
  export default url;
}
declare module "*.aac" {
  const url: string;
  export default url;
}
declare module "*.flac" {
  const url: string;
  export default url;
}
declare module "*.opus" {
  const url: string;
  export default url;
}
declare module "*.vtt" {
  const url: string;
  export default url;
}
declare module "*.csv" {
  const url: string;
  export default url;
}
declare module "*.webmanifest" {
  const url: string;
  export default url;
}
declare module "*.wasm" {
  const url: string;
  export default url;
}
declare module "*.glb" {
  const url: string;
  export default url;
}
