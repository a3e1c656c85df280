using System.Buffers;
using System.Globalization;
using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Onnx.Adapters;

/// <summary>Loads the adapters that lie in a version's folder: <c>adapters/&lt;name&gt;.onnx_adapter</c>. Each is held against the model at once, and whatever is wrong with one fails the load.</summary>
internal static class AdapterFolder
{
    private const string Name = "adapters";
    private const string Extension = ".onnx_adapter";
    private const int MaxAdapters = 1024;
    private const int MaxNameLength = 128;

    private static readonly SearchValues<char> s_letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

    /// <exception cref="BackendException">An adapter cannot be served; the message lists what is wrong with all of them.</exception>
    public static AdapterSet Load(IFileSystem files, ModelLoadContext context, string modelFile, ModelSignature signature, CancellationToken cancellation)
    {
        var adapters = new List<Adapter>();
        var errors = new List<string>();
        try
        {
            foreach (var file in Find(files, context, modelFile, errors))
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    Load(files, file, signature, adapters, errors);
                }
                catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
                {
                    errors.Add($"'{Name}/{file.Name}' cannot be loaded: {(exception is InvalidDataException ? exception.Message : "it cannot be read")}");
                }
            }

            if (errors.Count > 0)
            {
                throw new BackendException(ErrorCode.InvalidArgument, string.Join("; ", errors));
            }

            if (adapters.Count > 0)
            {
                context.Log.Info($"requests may choose the adapters {string.Join(", ", adapters.Select(static adapter => adapter.Name))} by the parameter {AdapterSet.Parameter}");
            }

            return new AdapterSet(adapters);
        }
        catch
        {
            adapters.ForEach(static adapter => adapter.Dispose());
            throw;
        }
    }

    private static IFileInfo[] Find(IFileSystem files, ModelLoadContext context, string modelFile, List<string> errors)
    {
        // Beside a file that lies in the repository itself there are other models, and not what belongs to it.
        var version = Path.GetDirectoryName(modelFile)!;
        var folder = files.DirectoryInfo.New(Path.Combine(version, Name));
        if (!long.TryParse(Path.GetFileName(version), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number != context.Version || !folder.Exists)
        {
            return [];
        }

        IFileInfo[] found = [.. folder.GetFiles().Where(static file => file.Extension == Extension).OrderBy(static file => file.Name, StringComparer.Ordinal)];
        if (found.Length > MaxAdapters)
        {
            errors.Add($"the folder '{Name}' holds {found.Length} adapters, expected at most {MaxAdapters}");
            return [];
        }

        return found;
    }

    private static void Load(IFileSystem files, IFileInfo file, ModelSignature signature, List<Adapter> adapters, List<string> errors)
    {
        var name = file.Name[..^Extension.Length];
        if (name.Length is 0 or > MaxNameLength || name[0] is '.' or '-' || name.AsSpan().ContainsAnyExcept(s_letters))
        {
            errors.Add($"'{Name}/{file.Name}': expected a name of 1 to {MaxNameLength} letters, digits, '_', '-' and '.', which begins with none of the last two");
            return;
        }

        if (file.Length > int.MaxValue - 4096)
        {
            errors.Add($"'{Name}/{file.Name}' has {file.Length} bytes, expected less than 2 GiB");
            return;
        }

        var bytes = files.File.ReadAllBytes(file.FullName);
        var tensors = AdapterFile.Read(bytes);
        var before = errors.Count;
        Check(file.Name, tensors, signature, errors);
        if (errors.Count == before)
        {
            adapters.Add(new Adapter(name, tensors, bytes));
        }
    }

    private static void Check(string file, IReadOnlyList<AdapterTensor> tensors, ModelSignature signature, List<string> errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            var input = signature.Inputs.FirstOrDefault(input => input.IsOptional && input.Name == tensor.Name);
            if (input is null)
            {
                var optional = signature.Inputs.Where(static input => input.IsOptional).Select(static input => $"'{input.Name}'").ToList();
                errors.Add($"'{Name}/{file}' gives '{tensor.Name}': expected optional inputs of the model, {(optional.Count == 0 ? "which has none" : $"which are {string.Join(", ", optional)}")}");
            }
            else if (input.DataType != tensor.DataType || !Fits(input.Shape, tensor.Shape))
            {
                errors.Add($"'{Name}/{file}' gives '{tensor.Name}' as {tensor.DataType.ProtocolName()} {tensor.Shape}, expected {input.DataType.ProtocolName()} {input.Shape}");
            }
            else if (!seen.Add(tensor.Name))
            {
                errors.Add($"'{Name}/{file}' gives '{tensor.Name}' twice");
            }
        }
    }

    private static bool Fits(in TensorShape declared, in TensorShape given)
    {
        if (declared.Rank != given.Rank)
        {
            return false;
        }

        for (var i = 0; i < given.Rank; i++)
        {
            if (declared[i] != TensorShape.Free && declared[i] != given[i])
            {
                return false;
            }
        }

        return true;
    }
}
