// Package hdf5 writes HDF5 files, which h5py, pandas, MATLAB, R, Julia and the tools of the HDF Group read.
//
// It writes from the "HDF5 File Format Specification Version 3.0" of the HDF Group; section numbers in the
// comments of this package are those of that document. Of the many ways in which the format says a thing, one is
// chosen for each, such that HDF5 1.8 and everything after it reads it:
//
//   - superblock version 2 and object headers version 2, with checksums (II.A, IV.A.1.b);
//   - links and attributes as messages in the header of their group or dataset (IV.A.2.g, IV.A.2.m);
//   - small arrays contiguous; larger ones and tables in chunks with shuffle and gzip, indexed by a version 1
//     B-tree (IV.A.2.i, III.A.1);
//   - texts of any length in global heaps (III.E), as h5py does it;
//   - tables as datasets of a compound type, which pandas takes as records.
//
// Data passes through in chunks of half a MiB, so that an array or a table larger than memory can be written, and
// so can files of more than 4 GiB.
//
// A file is not valid before [File.Close] has returned: write it under another name, sync and rename it. Nothing in
// this package is safe for concurrent use.
package hdf5
