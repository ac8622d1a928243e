// Settings of one deployment: not bundled, so that they can be changed without a build.
export default { contact: "hello@example.com" };
