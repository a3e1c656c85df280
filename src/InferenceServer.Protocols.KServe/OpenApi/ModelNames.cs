using System.Globalization;
using System.Text;
using InferenceServer.Core.Inference;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>How a model is called within the document.</summary>
internal static class ModelNames
{
    /// <summary>The model's name in a path.</summary>
    public static string InPath(ModelDescription model) => Uri.EscapeDataString(model.Config.Name);

    /// <summary>The version's number in a path.</summary>
    public static string VersionInPath(ModelDescription model) => model.Version.ToString(CultureInfo.InvariantCulture);

    /// <summary>The name of a schema of this version: letters, digits, dashes and underscores stay, and a byte of anything else becomes a dot with two digits.</summary>
    public static string OfSchema(ModelDescription model, string schema) => $"{InKey(model)}.{VersionInPath(model)}.{schema}";

    /// <summary>The model's name in a key of the document; two models never have the same.</summary>
    public static string InKey(ModelDescription model)
    {
        var key = new StringBuilder();
        foreach (var unit in Encoding.UTF8.GetBytes(model.Config.Name))
        {
            if (char.IsAsciiLetterOrDigit((char)unit) || unit is (byte)'_' or (byte)'-')
            {
                key.Append((char)unit);
            }
            else
            {
                key.Append(CultureInfo.InvariantCulture, $".{unit:x2}");
            }
        }

        return key.ToString();
    }
}
