namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Whether a name from a configuration stays inside the folder it is looked up in, on every system.</summary>
internal static class PlainFileName
{
    public static bool IsPlain(string name) =>
        name.Length > 0 && name is not ("." or "..") && name.IndexOfAny(['/', '\\', ':', '\0']) < 0;

    /// <summary>True for a path downwards, such as <c>labels/en.txt</c>.</summary>
    public static bool IsPlainRelativePath(string path) => path.Split('/').All(IsPlain);
}
