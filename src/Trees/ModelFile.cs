using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.Trees;

/// <summary>Reads a model's file.</summary>
internal static class ModelFile
{
    /// <summary>The bytes of the file, and a zero behind them for libraries that look for one.</summary>
    /// <exception cref="BackendException">There is no file, it is empty or too long, or it cannot be read.</exception>
    public static byte[] ReadTerminated(IFileSystem files, ModelLoadContext context, string backend)
    {
        if (context.ModelFile is not { } path)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"the {backend} backend needs a model file, and none was given");
        }

        try
        {
            using var stream = files.FileStream.New(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length == 0)
            {
                throw Refuse(context, "the file is empty");
            }

            if (stream.Length >= Array.MaxLength)
            {
                throw Refuse(context, $"expected fewer than {Array.MaxLength} bytes, got {stream.Length}");
            }

            var bytes = new byte[stream.Length + 1];
            stream.ReadExactly(bytes.AsSpan(0, bytes.Length - 1));
            return bytes;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackendException(ErrorCode.Unavailable, $"'{Path.GetFileName(path)}' cannot be read: {exception.GetType().Name}", exception);
        }
    }

    /// <summary>The error that says why a file cannot be served.</summary>
    public static BackendException Refuse(ModelLoadContext context, string reason, Exception? inner = null) =>
        new(ErrorCode.InvalidArgument, $"'{Path.GetFileName(context.ModelFile)}' cannot be loaded: {reason}", inner);
}
