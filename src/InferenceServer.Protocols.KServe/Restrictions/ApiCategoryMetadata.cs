namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>Says of an endpoint to which category it belongs. An endpoint without it is refused as soon as anything is restricted.</summary>
/// <param name="Category">The category; null for what answers nothing but that there is no such path or rpc.</param>
public sealed record ApiCategoryMetadata(ApiCategory? Category);
