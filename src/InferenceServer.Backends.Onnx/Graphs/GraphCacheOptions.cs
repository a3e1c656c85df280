using InferenceServer.Backends.Onnx.Sessions;

namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>Where optimised graphs are kept between loads. Whoever runs the server gives the folder; a model may stay out.</summary>
/// <param name="Folder">The folder, absolute.</param>
/// <param name="MaxBytes">How many bytes all that is kept there may take together.</param>
internal sealed record GraphCacheOptions(string Folder, long MaxBytes)
{
    /// <summary>The server's setting for the folder.</summary>
    public const string FolderKey = "optimized-graph-folder";

    /// <summary>The server's setting for its size.</summary>
    public const string SizeKey = "optimized-graph-max-bytes";

    /// <summary>The model's parameter.</summary>
    public const string ModelKey = "optimized_graph_cache";

    /// <summary>10 GiB: an entry is about as large as its model.</summary>
    public const long DefaultMaxBytes = 10L << 30;

    /// <summary>Reads them; null when nothing is to be kept.</summary>
    public static GraphCacheOptions? Read(SettingValues server, SettingValues model)
    {
        var folder = server.Text(FolderKey);
        var maxBytes = server.Bytes(SizeKey, 1) ?? DefaultMaxBytes;
        var wanted = model.Switch(ModelKey);
        if (!string.IsNullOrEmpty(folder))
        {
            return wanted == false ? null : new GraphCacheOptions(Path.GetFullPath(folder), maxBytes);
        }

        if (wanted == true)
        {
            model.Errors.Add($"parameter '{ModelKey}': expected the server to run with the backend setting {FolderKey}=<folder>, which says where optimised graphs are kept");
        }

        return null;
    }
}
