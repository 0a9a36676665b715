package store

import "golang.org/x/sys/unix"

// networkFS returns the name of the network file system that dir is on, "" if it is none. FUSE is
// let pass: what is behind it cannot be told.
func networkFS(dir string) (string, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return "", err
	}
	return map[uint32]string{
		unix.NFS_SUPER_MAGIC:  "NFS",
		unix.SMB_SUPER_MAGIC:  "SMB",
		unix.SMB2_SUPER_MAGIC: "SMB",
		unix.CIFS_SUPER_MAGIC: "CIFS",
		unix.AFS_SUPER_MAGIC:  "AFS",
		unix.CODA_SUPER_MAGIC: "Coda",
		unix.CEPH_SUPER_MAGIC: "Ceph",
		unix.NCP_SUPER_MAGIC:  "NCP",
		0x0bd00bd0:            "Lustre",
		0x47504653:            "GPFS",
		0x19830326:            "BeeGFS",
	}[uint32(st.Type)], nil
}
