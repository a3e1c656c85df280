namespace InferenceServer.Core.Repository;

/// <summary>What lies under a path, not following links.</summary>
internal enum EntryKind
{
    /// <summary>Nothing, or nothing that can be found out on this system.</summary>
    Unknown,

    /// <summary>A plain file under one name.</summary>
    File,

    /// <summary>A plain file under several names.</summary>
    SharedFile,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link.</summary>
    Link,

    /// <summary>A pipe, a socket or a device.</summary>
    Special,
}
