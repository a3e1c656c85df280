namespace InferenceServer.Host.Following;

/// <summary>Something that comes from files and follows them while the server runs.</summary>
internal interface IFollowed
{
    /// <summary>Looks at the files, and takes over what has changed; what is wrong is logged, and the old stays.</summary>
    void Check();
}
