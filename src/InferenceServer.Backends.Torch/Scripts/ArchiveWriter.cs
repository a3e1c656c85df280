using System.IO.Compression;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.Torch.Archives;
using InferenceServer.Backends.Torch.Signatures;

namespace InferenceServer.Backends.Torch.Scripts;

/// <summary>Makes the archive of a model with one more method. It is kept in memory alone.</summary>
internal static class ArchiveWriter
{
    /// <summary>Writes it.</summary>
    /// <param name="file">The model's file, from its beginning.</param>
    /// <param name="archive">What it holds.</param>
    /// <param name="root">The class that gets the method.</param>
    /// <param name="method">The text of the method.</param>
    /// <exception cref="BackendException">It is larger than can be held in one piece.</exception>
    public static byte[] AddMethod(Stream file, TorchArchive archive, TorchClass root, string method)
    {
        if (file.Length > Array.MaxLength - (1 << 20))
        {
            throw new BackendException(ErrorCode.Unsupported, $"the model takes or gives other values than tensors, and its file has {file.Length} bytes: expected less than 2 GiB; give it a method of tensors and name it in MODULE_METHOD_NAME");
        }

        using var result = new MemoryStream((int)file.Length + (1 << 16));
        using (var from = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true))
        using (var to = new ZipArchive(result, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in from.Entries)
            {
                // The table of source places does not fit the longer file, and serves for messages only.
                if (entry.FullName == archive.RootFile + ".debug_pkl")
                {
                    continue;
                }

                using var target = to.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                if (entry.FullName == archive.RootFile)
                {
                    var gap = root.Code[..root.End].EndsWith('\n') ? "" : "\n";
                    using var text = new StreamWriter(target);
                    text.Write($"{root.Code[..root.End]}{gap}{method}{root.Code[root.End..]}");
                }
                else
                {
                    using var source = entry.Open();
                    source.CopyTo(target);
                }
            }
        }

        return result.ToArray();
    }
}
