using System.IO.Compression;
using System.Text;

namespace InferenceServer.Testing.Torch;

/// <summary>Makes TorchScript archives of any code. A model has no fields but a number of tensors, each with one value.</summary>
public static class ScriptArchive
{
    /// <summary>The archive of a model whose class has these methods.</summary>
    /// <param name="methods">The methods as TorchScript writes them: indented by two spaces, <c>s: __torch__.Model</c> first.</param>
    /// <param name="others">Other classes and functions of the same file.</param>
    /// <param name="buffers">The names of the model's tensors, each FP32 of the shape [1] with the value 0.</param>
    public static byte[] Of(string methods, string others = "", params string[] buffers)
    {
        var fields = string.Concat(buffers.Select(static name => $"  {name} : Tensor\n"));
        var list = string.Concat(buffers.Select(static name => $"\"{name}\", "));
        return OfCode($"class Model(Module):\n  __parameters__ = []\n  __buffers__ = [{list}]\n{fields}  training : bool\n{methods.TrimEnd('\n')}\n{others}", buffers);
    }

    /// <summary>The archive of a file of code with the class <c>Model</c>.</summary>
    public static byte[] OfCode(string code, params string[] buffers)
    {
        using var content = new MemoryStream();
        using (var zip = new ZipArchive(content, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(zip, "data.pkl", Pickle(buffers));
            Add(zip, "code/__torch__.py", Encoding.UTF8.GetBytes(code));
            Add(zip, "constants.pkl", [0x80, 2, (byte)')', (byte)'.']);
            Add(zip, "version", "3\n"u8);
            for (var i = 0; i < buffers.Length; i++)
            {
                Add(zip, FormattableString.Invariant($"data/{i}"), new byte[sizeof(float)]);
            }
        }

        return content.ToArray();
    }

    /// <summary>An archive with one of its parts made anew, or left out where that gives null.</summary>
    public static byte[] Change(byte[] archive, Func<string, byte[], byte[]?> change)
    {
        using var result = new MemoryStream();
        using (var from = new ZipArchive(new MemoryStream(archive), ZipArchiveMode.Read))
        using (var to = new ZipArchive(result, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in from.Entries)
            {
                using var part = new MemoryStream();
                using (var source = entry.Open())
                {
                    source.CopyTo(part);
                }

                if (change(entry.FullName, part.ToArray()) is { } changed)
                {
                    using var target = to.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                    target.Write(changed);
                }
            }
        }

        return result.ToArray();
    }

    /// <summary>The same model, saved in training mode.</summary>
    public static byte[] InTraining(byte[] archive) => Change(archive, static (name, content) =>
    {
        if (name == "model/data.pkl")
        {
            // The value behind the field's name: false becomes true.
            content[content.AsSpan().IndexOf("training"u8) + "training".Length] = 0x88;
        }

        return content;
    });

    private static void Add(ZipArchive zip, string name, ReadOnlySpan<byte> content)
    {
        using var part = zip.CreateEntry($"model/{name}", CompressionLevel.NoCompression).Open();
        part.Write(content);
    }

    // An object of the class __torch__.Model: its fields are a dictionary of training: False and the tensors, each rebuilt from a storage of the archive.
    private static byte[] Pickle(string[] buffers)
    {
        var pickle = new MemoryStream();
        Write(pickle, "\u0080\u0002c__torch__\nModel\n)\u0081}(");
        Text(pickle, "training");
        Write(pickle, "\u0089");
        for (var i = 0; i < buffers.Length; i++)
        {
            Text(pickle, buffers[i]);
            Write(pickle, "ctorch._utils\n_rebuild_tensor_v2\n((");
            Text(pickle, "storage");
            Write(pickle, "ctorch\nFloatStorage\n");
            Text(pickle, FormattableString.Invariant($"{i}"));
            Text(pickle, "cpu");
            Write(pickle, "K\u0001tQK\0(K\u0001t(K\u0001t\u0089ccollections\nOrderedDict\n)RtR");
        }

        Write(pickle, "ub.");
        return pickle.ToArray();
    }

    private static void Write(MemoryStream pickle, string operations) => pickle.Write(Encoding.Latin1.GetBytes(operations));

    private static void Text(MemoryStream pickle, string text)
    {
        Write(pickle, "X");
        pickle.Write(BitConverter.GetBytes(text.Length));
        Write(pickle, text);
    }
}
