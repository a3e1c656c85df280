namespace InferenceServer.ExchangeTests.Steps;

/// <summary>A shared-memory object as a client of the server makes it.</summary>
internal static class SharedMemoryFile
{
    private const string Folder = "/dev/shm";

    /// <summary>Makes an object of <paramref name="size"/> bytes that begins with <paramref name="data"/>.</summary>
    public static void Create(string key, byte[] data, int size)
    {
        using var file = new FileStream(PathOf(key), FileMode.Create, FileAccess.Write);
        file.Write(data);
        file.SetLength(Math.Max(size, data.Length));
    }

    public static byte[] Read(string key, int offset, int size)
    {
        using var file = new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = offset;
        var bytes = new byte[size];
        return bytes[..file.ReadAtLeast(bytes, size, throwOnEndOfStream: false)];
    }

    public static void Delete(string key) => File.Delete(PathOf(key));

    private static string PathOf(string key) => Path.Combine(Folder, key.TrimStart('/'));
}
