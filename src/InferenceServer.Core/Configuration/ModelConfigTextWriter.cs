using System.Text;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Configuration;

/// <summary>Writes a configuration in protobuf text format, ready to be saved as <c>config.pbtxt</c>.</summary>
public static class ModelConfigTextWriter
{
    /// <summary>The message as text; fields that hold their default are left out.</summary>
    public static string Write(global::Inference.ModelConfig message)
    {
        var text = new StringBuilder();
        TextTreeWriter.Write(text, MessageDecoder.Decode(message), 0);
        return text.ToString();
    }
}
