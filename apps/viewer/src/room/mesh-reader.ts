/** Takes the place of vtk.js's reader of XML meshes, which wants modules of Node; mammograms have no meshes. */
export default {
  newInstance(): never {
    throw new RangeError('meshes are not read');
  },
};
